"""MediaWiki: dumps, titles, wikitext, and the extracted shards made from them."""
