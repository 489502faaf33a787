"""Sending single records to Personalize: PutItems, PutUsers and PutEvents."""
