"""How well items are recommended by their metadata, measured before anything is paid for."""
