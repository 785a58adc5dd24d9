/**
 * Variables that the contract names and this version does not have yet. To set one of these is a problem of the
 * configuration: nothing is ignored, and nothing falls back to the embedded part. Delete a part's line when the part
 * arrives.
 */
export const notYetAvailable: readonly { variable: string; value?: string; what: string }[] = [
  { variable: 'NOTICE_WEBHOOK_URL', what: 'posting notices' },
  { variable: 'OTEL_EXPORTER_OTLP_ENDPOINT', what: 'exporting traces' },
]
