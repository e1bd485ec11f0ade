"""Where the files of migrations are found and read. What they hold is read in `stepwell.core.files`."""
