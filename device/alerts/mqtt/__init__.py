"""States, alerts and health over MQTT; commands back in."""
