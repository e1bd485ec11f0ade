"""The benchmark: stepwell side by side with other tools. A program for people; no part of the package."""
