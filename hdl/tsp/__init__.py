"""The chip in Amaranth; the package tree follows the floor plan."""
