"""What a cluster must do: one module an area, each promise declared right above its check."""
