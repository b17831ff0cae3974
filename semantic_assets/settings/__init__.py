"""Settings from the environment, from dataset.toml and from task files."""
