/** Why a server does not serve. Stable: docs/operations.md says what to do about each. */
export type EngineProblem =
  | 'DNS'
  | 'REFUSED'
  | 'TIMEOUT'
  | 'TLS'
  | 'PROTOCOL'
  | 'AUTHENTICATION'
  | 'AUTHORIZATION'
  | 'TOPIC'
  | 'NOT_A_REPLICA_SET'
  | 'TOO_OLD'
  | 'OTHER'
