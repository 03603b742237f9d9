"""What a running reconciler lets be seen and asked over HTTP: metrics, health, and a bell that wakes the poll."""
