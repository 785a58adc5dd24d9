/** The service cannot start; `message` is for the operator. Nothing is left open. */
export class StartRefused extends Error {}
