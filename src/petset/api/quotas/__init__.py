"""What objects use of a ResourceQuota: pure rules, for whoever admits objects and whoever counts them."""
