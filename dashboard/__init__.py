"""The shell: start-up, gate, look and feel."""
