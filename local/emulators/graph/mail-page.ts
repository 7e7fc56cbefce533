/**
 * A small web mail over the emulated mailboxes, so that a person can watch and play the other side: read a mail, reply
 * to it as the owner of the mailbox, or put a stranger's mail into an inbox. No JavaScript.
 */
import type { Directory, Message, MessageContent, User } from '../directory.js'
import { escapeHtml, page, type Reply, type Request, seeOther } from '../loopback-server.js'
import { avatar, htmlPage } from '../page-style.js'
import type { GraphState } from './graph-state.js'
import { emptyContent } from './message-input.js'
import { plainText } from './message-json.js'
import { compose, contentOf } from './mime.js'

const folders = ['inbox', 'sentitems', 'drafts', 'archive', 'deleteditems']

/** Takes mail to people who are not in the directory. */
type DeliverOutside = GraphState['onDeliver']

export async function mailPage(
  directory: Directory,
  request: Request,
  deliverOutside?: DeliverOutside,
): Promise<Reply> {
  const [, , address = '', id = ''] = request.path.split('/').map(decodeURIComponent)
  if (!address) return show('Mailboxes', mailboxList(directory))
  const user = directory.user(address)
  if (!user) return page(404, htmlPage('Unknown', '<h1>No such mailbox</h1><p><a href="/mail">All mailboxes</a></p>'))
  if (request.method === 'POST') {
    // Other sites must not be able to fill mailboxes through the browser of someone who runs the local mode.
    if (request.headers['sec-fetch-site'] === 'cross-site') return { status: 403 }
    const form = new URLSearchParams(request.body.toString())
    return id ? answer(directory, user, { id, form, deliverOutside }) : write(directory, user, form)
  }
  if (id === 'write') return show('Write', writeForm(user))
  if (id) return read(directory, user, id)
  return show(user.mail, await messageList(directory, user, request.url.searchParams.get('folder') ?? 'inbox'))
}

const show = (title: string, body: string): Reply => page(200, htmlPage(title, body, true))

const linkTo = (user: User, rest = ''): string => escapeHtml(`/mail/${encodeURIComponent(user.mail)}${rest}`)

function mailboxList(directory: Directory): string {
  const rows = directory.users.map((user) => {
    const mailbox = directory.mailbox(user)
    const inbox = mailbox.in(mailbox.folder('inbox')!)
    const unread = inbox.filter((m) => !m.isRead).length
    return `<li><a class="row" href="${linkTo(user)}">${avatar(user.displayName)}<span class="grow"><b>${escapeHtml(user.displayName)}</b><span>${escapeHtml(user.mail)}</span></span><span class="badge">${unread} new of ${inbox.length}</span></a></li>`
  })
  return `<p><span class="badge">Emulated Microsoft 365, this machine only</span></p><h1>Mailboxes</h1><ul class="plain">${rows.join('')}</ul>`
}

async function messageList(directory: Directory, user: User, folderName: string): Promise<string> {
  const mailbox = directory.mailbox(user)
  const folder = mailbox.folder(folderName) ?? mailbox.folder('inbox')!
  const messages = mailbox.in(folder).reverse().slice(0, 200)
  const rows = await Promise.all(messages.map((m) => row(user, m)))
  const links = folders.map((name) => {
    const current = folder.wellKnown === name ? ' aria-current="page"' : ''
    return `<a${current} href="${linkTo(user, `?folder=${name}`)}">${escapeHtml(mailbox.folder(name)?.displayName ?? name)}</a>`
  })
  return `<nav><a href="/mail">All mailboxes</a>${links.join('')}</nav><h1>${escapeHtml(folder.displayName)}</h1>
<p class="soft">${escapeHtml(user.displayName)} · ${escapeHtml(user.mail)} · <a href="${linkTo(user, '/write')}">Put a mail into this inbox</a></p>
${rows.length > 0 ? `<ul class="plain">${rows.join('')}</ul>` : '<p class="note">Nothing here.</p>'}`
}

async function row(user: User, message: Message): Promise<string> {
  const content = await contentOf(message)
  const time = new Date(message.receivedAt).toISOString().slice(0, 16).replace('T', ' ')
  const people = message.isDraft || !content.from ? content.to : [content.from]
  const who = people.map((a) => a.name || a.address).join(', ')
  return `<li class="${message.isRead ? 'read' : 'unread'}"><a class="row" href="${linkTo(user, `/${message.immutableId}`)}">${avatar(who)}<span class="grow"><b>${escapeHtml(content.subject || '(no subject)')}</b><span>${escapeHtml(who)}</span></span><span class="soft">${time}</span></a></li>`
}

async function read(directory: Directory, user: User, id: string): Promise<Reply> {
  const message = directory.mailbox(user).message(id)
  if (!message) return page(404, htmlPage('Gone', `<h1>No such mail</h1><p><a href="${linkTo(user)}">Back</a></p>`))
  const content = await contentOf(message)
  const list = (addresses: MessageContent['to']) => escapeHtml(addresses.map((a) => a.address).join(', '))
  const files = content.attachments.map(
    (a) => `<li>${escapeHtml(a.name)} <span class="soft">${escapeHtml(a.contentType)}</span></li>`,
  )
  const body = `<nav><a href="${linkTo(user)}">Back to ${escapeHtml(user.mail)}</a></nav><h1>${escapeHtml(content.subject || '(no subject)')}</h1>
<p class="soft">From ${escapeHtml(content.from?.address ?? '')}<br>To ${list(content.to)}${content.cc.length > 0 ? `<br>Cc ${list(content.cc)}` : ''}<br>${new Date(message.receivedAt).toUTCString()}</p>
<pre>${escapeHtml(plainText(content))}</pre>
${files.length > 0 ? `<h2>Attachments</h2><ul>${files.join('')}</ul>` : ''}
${message.isDraft ? '' : answerForm(user, message, content)}
<details><summary>Source</summary><pre>${escapeHtml(message.raw.toString('utf8', 0, 100_000))}</pre></details>`
  return show(content.subject || 'Mail', body)
}

const writeForm = (user: User): string => `<nav><a href="${linkTo(user)}">Back to ${escapeHtml(user.mail)}</a></nav>
<h1>A mail to ${escapeHtml(user.mail)}</h1>
<p class="soft">It arrives as if a stranger had sent it.</p>
<form method="post" action="${linkTo(user)}">
<label for="from">From</label><input id="from" name="from" type="email" value="customer@shop.example" required>
<label for="subject">Subject</label><input id="subject" name="subject" required>
<label for="text">Text</label><textarea id="text" name="text" required></textarea>
<p><button class="primary">Put it into the inbox</button></p></form>`

async function write(directory: Directory, user: User, form: URLSearchParams): Promise<Reply> {
  const content: MessageContent = {
    ...emptyContent(user),
    from: { name: '', address: form.get('from') || 'customer@shop.example' },
    to: [{ name: user.displayName, address: user.mail }],
    subject: form.get('subject') ?? '',
    text: form.get('text') ?? '',
  }
  directory.deliver(user.mail, await compose(content, new Date(directory.now())))
  return seeOther(`/mail/${encodeURIComponent(user.mail)}`)
}

/** Whom an answer goes to: the sender of a mail that came, the recipients of one's own. */
function partners(user: User, content: MessageContent): MessageContent['to'] {
  const sender = content.replyTo.length > 0 ? content.replyTo : content.from ? [content.from] : []
  return sender.some(({ address }) => address.toLowerCase() === user.mail.toLowerCase()) ? content.to : sender
}

function answerForm(user: User, message: Message, content: MessageContent): string {
  const to = partners(user, content)
  if (to.length === 0) return ''
  return `<form method="post" action="${linkTo(user, `/${message.immutableId}`)}">
<label for="text">Answer as ${escapeHtml(user.displayName)}</label><textarea id="text" name="text" required></textarea>
<p><button class="primary">Send to ${escapeHtml(to.map((a) => a.address).join(', '))}</button></p></form>`
}

/** Sends an answer in the name of the mailbox, as its owner's mail program would (RFC 5322, 3.6.4). */
async function answer(
  directory: Directory,
  user: User,
  { id, form, deliverOutside }: { id: string; form: URLSearchParams; deliverOutside: DeliverOutside },
): Promise<Reply> {
  const message = directory.mailbox(user).message(id)
  if (!message) return page(404, htmlPage('Gone', `<h1>No such mail</h1><p><a href="${linkTo(user)}">Back</a></p>`))
  const asked = await contentOf(message)
  const raw = await compose(
    {
      ...emptyContent(user),
      to: partners(user, asked),
      subject: /^re:/i.test(asked.subject) ? asked.subject : `Re: ${asked.subject}`,
      text: form.get('text') ?? '',
      inReplyTo: asked.messageId,
      references: `${asked.references ?? ''} ${asked.messageId}`.trim(),
    },
    new Date(directory.now()),
  )
  directory.mailbox(user).add('sentitems', { raw, isRead: true })
  const outside: string[] = []
  for (const { address } of partners(user, asked)) {
    if (directory.user(address)) directory.deliver(address, raw)
    else outside.push(address)
  }
  if (outside.length > 0) {
    directory.recordOutbound({ from: user.mail, to: outside, raw })
    await deliverOutside?.(user.mail, outside, raw)
  }
  return seeOther(`/mail/${encodeURIComponent(user.mail)}?folder=sentitems`)
}
