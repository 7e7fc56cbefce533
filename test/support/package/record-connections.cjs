/**
 * Loaded before an app (`node --require`): writes every host and port it opens a TCP connection to, once each, to the
 * file CONNECTIONS_FILE. Connections to servers of this same process do not count.
 */
const { appendFileSync } = require('node:fs')
const net = require('node:net')

const own = new Set()
const seen = new Set()

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...words) {
  this.once('listening', () => own.add(this.address()?.port))
  return listen.apply(this, words)
}

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...words) {
  // An array is how Node itself hands over arguments it has put in order already.
  const first = Array.isArray(words[0]) ? words[0][0] : words[0]
  const { host = 'localhost', port, path } = typeof first === 'object' ? first : { port: first, host: words[1] }
  const place = `${host}:${port}`
  if (!path && !own.has(Number(port)) && !seen.has(place)) {
    seen.add(place)
    appendFileSync(process.env.CONNECTIONS_FILE, `${place}\n`)
  }
  return connect.apply(this, words)
}
