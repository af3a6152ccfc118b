"""One file per section of terminal and page. The file's presence registers it."""
