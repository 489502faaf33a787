"""Amazon SageMaker: the training container, the endpoint, and jobs, here or on AWS."""
