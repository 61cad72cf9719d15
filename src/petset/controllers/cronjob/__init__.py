"""CronJobs: a Job at each moment of a schedule."""
