"""CreateModel, CreateEndpointConfig, CreateEndpoint."""

from __future__ import annotations

from typing import Any

from nlp_engine.sagemaker.requests.training import image_uri
from nlp_engine.sagemaker.spec import JobSpec

VARIANT = "AllTraffic"


def create_model(spec: JobSpec) -> dict[str, Any]:
    """The CreateModel request: the job's model in its image."""
    return {
        "ModelName": spec.name,
        "PrimaryContainer": {"Image": image_uri(spec), "ModelDataUrl": spec.model_data},
        "ExecutionRoleArn": spec.on_aws.role,
    }


def create_endpoint_config(spec: JobSpec) -> dict[str, Any]:
    """The CreateEndpointConfig request: the model on its instances."""
    return {
        "EndpointConfigName": spec.endpoint_name,
        "ProductionVariants": [
            {
                "VariantName": VARIANT,
                "ModelName": spec.name,
                "InitialInstanceCount": spec.hosting.instance_count,
                "InstanceType": spec.hosting.instance_type,
                "InitialVariantWeight": 1.0,
            }
        ],
    }


def create_endpoint(spec: JobSpec) -> dict[str, Any]:
    """The CreateEndpoint request; from then on it costs until it is deleted."""
    return {"EndpointName": spec.endpoint_name, "EndpointConfigName": spec.endpoint_name}
