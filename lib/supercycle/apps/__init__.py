"""Floor 5, applications: tokens → tasks → revenue → who keeps the profit."""
