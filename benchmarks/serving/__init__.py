"""What the benchmark of the app needs: copied runs, a server, and sessions without a browser."""
