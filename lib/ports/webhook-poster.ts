/**
 * Posts a signed event. Rejects with a GatewayError (`webhook_refused`, `webhook_unreachable`) when the answer is not
 * 2xx.
 */
export interface WebhookPoster {
  post(url: string, body: string, headers: Record<string, string>): Promise<void>
}
