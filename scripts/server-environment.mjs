/**
 * @file What the server's process is started with, here and in the bench. glibc gives each thread that allocates an arena of its own and keeps
 * what is freed in it; the engine trains on many threads, and what they leave behind is a third of the memory of seven million vectors
 * (docs/server.md). Whoever starts `server/main.ts` another way may set the same.
 */
export const SERVER_ENVIRONMENT = { MALLOC_ARENA_MAX: '2' };
