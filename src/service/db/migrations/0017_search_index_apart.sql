-- The words that are searched for are in a file of their own (db/index.rs), made anew from the transcripts.
DROP TABLE IF EXISTS main.search_index;
