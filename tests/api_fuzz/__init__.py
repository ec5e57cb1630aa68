"""Mutated requests for every operation of the platform's documents: the valid ones, how they are spoiled, how they are sent."""
