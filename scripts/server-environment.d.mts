/** Environment of the server's process. */
export const SERVER_ENVIRONMENT: Readonly<Record<string, string>>;
