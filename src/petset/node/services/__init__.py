"""Services: what kube-proxy does on a cluster, with the kernel's own packet filter."""
