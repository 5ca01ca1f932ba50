"""What a sidecar costs: the forms of one pod, measured in turn in one cluster."""
