"""The appliance image: recipes and what is in them. Nothing of it runs in the daemon."""
