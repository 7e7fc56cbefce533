/**
 * A whole application on Mailbox Gateway in one file, without packages: a person connects a mailbox, the application
 * sends a mail from it and hears what becomes of it. `docs/app-developer.md` explains the parts; a test runs this file.
 *
 *   GATEWAY_URL=http://localhost:7071 GATEWAY_KEY=mbg_demo_… node docs/examples/app.mjs
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const gateway = process.env.GATEWAY_URL
const key = process.env.GATEWAY_KEY
const self = `http://127.0.0.1:${process.env.PORT || 3000}`
// From your secret store: another one after a restart ends the sign-ins that are under way.
const appSecret = process.env.APP_SECRET || randomBytes(32)

// call
/** One call of the API. An error says what happened, what to do, and whether trying again can help. */
async function call(method, path, body, headers = {}) {
  const answer = await fetch(`${gateway}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const result = answer.status === 204 ? undefined : await answer.json()
  if (answer.ok) return result
  const { title, detail, code, class: whoActs } = result
  throw Object.assign(new Error(`${title} ${detail}`), { code, class: whoActs })
}
// end

// setup
// At each start, with a key of the role tenant-admin: what is there already stays as it is, with the same signing key.
await call('POST', 'return-urls', { url: `${self}/connected` })
const webhook = await call('POST', 'webhooks', { url: `${self}/events` })
// end

// connect
/** Only the session that began a sign-in can finish it: the binding is derived from it and never leaves the server. */
const bindingOf = (session) => createHmac('sha256', appSecret).update(session).digest('hex')

/** In your database: whose sign-in it is. */
const startedBy = new Map()

async function beginConnect(session, address) {
  const { link, signInId } = await call('POST', 'sign-ins', {
    address,
    returnUrl: `${self}/connected`,
    binding: bindingOf(session),
  })
  startedBy.set(signInId, session)
  return link
}

/** Safe to repeat: the page that is loaded again finds what its first visit connected, and nobody else's. */
async function finishConnect(session, result) {
  const [signInId, code] = result.split('.')
  try {
    return await call('POST', `sign-ins/${signInId}/redeem`, { code, binding: bindingOf(session) })
  } catch (error) {
    if (error.code !== 'sign_in_used' || startedBy.get(signInId) !== session) throw error
    return call('GET', `sign-ins/${signInId}`)
  }
}
// end

// send
/** The key names the business fact: however often this is called for one order, one mail leaves. */
async function confirmOrder(mailboxId, order, to) {
  const mail = { mailboxId, to: [to], subject: `Your order ${order}`, text: 'Thank you. It is on its way.' }
  return call('POST', 'mails', mail, { 'idempotency-key': `order-${order}-confirmation` })
}
// end

// events
/** Standard Webhooks: HMAC-SHA-256 over id, time and body; not older than five minutes. */
function isGenuine(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature = '' } = headers
  if (Math.abs(Date.now() / 1000 - Number(time)) > 300) return false
  const secret = Buffer.from(webhook.signingKey.slice('whsec_'.length), 'base64')
  const wanted = Buffer.from(createHmac('sha256', secret).update(`${id}.${time}.${body}`).digest('base64'))
  return signature.split(' ').some((one) => {
    const given = Buffer.from(one.replace(/^v1,/, ''))
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  })
}

/** The same event may come twice, always under the same id. */
const seen = new Set()

async function onEvent({ id, type, data }) {
  if (seen.has(id)) return
  seen.add(id)
  if (type === 'mail.received') {
    const { parsed } = await call('GET', `mailboxes/${data.mailboxId}/received/${data.receivedId}`)
    console.log(`received: ${parsed.subject}`)
  } else console.log(`${type}: ${JSON.stringify(data)}`)
}
// end

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, self)
  const session = /session=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? randomBytes(16).toString('hex')
  try {
    if (pathname === '/connect') {
      const link = await beginConnect(session, searchParams.get('address'))
      response.writeHead(303, { location: link, 'set-cookie': `session=${session}; HttpOnly; SameSite=Lax; Path=/` })
      response.end()
    } else if (pathname === '/connected') {
      // Without a result nothing was connected, for the reason in `error`. Anybody can type one: show no more than a word.
      const result = searchParams.get('result')
      const why = /^\w{1,60}$/.exec(searchParams.get('error') ?? '')?.[0] ?? 'cancelled'
      if (result === null) return response.end(`Not connected (${why}).`)
      const mailbox = await finishConnect(session, result)
      const mail = await confirmOrder(mailbox.mailboxId, '4711', 'ben@contoso.example')
      response.end(`Connected. Mail ${mail.id} is ${mail.state}.`)
    } else if (pathname === '/events') {
      let body = ''
      for await (const chunk of request) body += chunk
      if (isGenuine(request.headers, body)) await onEvent(JSON.parse(body))
      else response.statusCode = 401
      response.end()
    } else {
      response.setHeader('content-type', 'text/html')
      response.end('<a href="/connect?address=ana@contoso.example">Connect ana@contoso.example</a>')
    }
  } catch (error) {
    response.writeHead(error.class === 'transient' ? 503 : 400)
    response.end(error.message)
  }
}).listen(process.env.PORT || 3000, '127.0.0.1', () => console.log(`open ${self}`))
