/** Where a mail server listens, from what people write (M-023). */

const usualPorts = {
  imap: { implicit: 993, starttls: 143, plain: 143 },
  smtp: { implicit: 465, starttls: 587, plain: 25 },
} as const

export type MailProtocol = keyof typeof usualPorts

/** The port of a server nobody named one for. */
export const usualPort = (protocol: MailProtocol, tls: keyof (typeof usualPorts)[MailProtocol]): number =>
  usualPorts[protocol][tls]

/** `mail.example.com:2525` in its parts; a bare IPv6 address has no port. */
export function splitHost(text: string): { host: string; port?: number } {
  const [, host = '', port = ''] = /^([^:]+):(\d{1,5})$/.exec(text) ?? []
  return host === '' ? { host: text } : { host, port: Number(port) }
}
