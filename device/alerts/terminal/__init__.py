"""What people see of a running monitor: a live dashboard or plain lines."""
