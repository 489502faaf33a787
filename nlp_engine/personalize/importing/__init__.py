"""A dataset group of Personalize from one specification: data, solutions, campaigns, filters."""
