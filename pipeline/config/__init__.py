"""What people write, loaded and checked once into frozen values."""
