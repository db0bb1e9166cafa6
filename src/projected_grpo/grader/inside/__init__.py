"""What is mounted into the sandbox: standard library only, nothing of this package."""
