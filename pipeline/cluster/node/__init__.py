"""What a node does: it carries out orders, in environments and with files of its own."""
