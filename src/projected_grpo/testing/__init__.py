"""What tests of several rooms share, and tests of the whole house."""
