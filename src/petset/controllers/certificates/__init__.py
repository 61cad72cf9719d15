"""Signs what was approved of requests for certificates, and clears old requests away."""
