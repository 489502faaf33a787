"""A small service that takes events over HTTP and forwards them to Personalize, losing none."""
