/** What a Bicep file declares, as a tree; see bicep-tokens.ts for what this is and is not. */
import { BicepCursor } from './bicep-cursor.js'
import { bicepTokens, type Token } from './bicep-tokens.js'

export type Value =
  | { kind: 'text'; parts: (string | Value)[] }
  | { kind: 'number'; value: number }
  | { kind: 'name'; name: string }
  | { kind: 'object'; properties: Record<string, Value>; spread: Value[] }
  | { kind: 'array'; items: Value[] }
  | { kind: 'member'; of: Value; name: string }
  | { kind: 'index'; of: Value; at: Value }
  | { kind: 'call'; of: Value; inputs: Value[] }
  | { kind: 'operation'; operator: string; inputs: Value[] }
  | { kind: 'lambda'; inputs: string[]; body: Value }
  | { kind: 'each'; names: string[]; of: Value; body: Value }
  | { kind: 'when'; condition: Value; body: Value }

export interface Declaration {
  kind: 'param' | 'var' | 'resource' | 'module' | 'output' | 'type' | 'using' | 'import' | 'targetScope'
  name: string
  line: number
  decorators: { name: string; inputs: Value[] }[]
  /** Type of a parameter or output as written; type and version of a resource; path of a module, import or using. */
  type: string
  existing: boolean
  value: Value | undefined
  /** Resources declared inside a resource. */
  nested: Declaration[]
}

export function readBicep(file: string, text: string): Declaration[] {
  const parser = new Parser(file, bicepTokens(file, text))
  return parser.declarations()
}

const operators = [
  ['??'],
  ['||'],
  ['&&'],
  ['==', '!=', '=~', '!~'],
  ['<', '>', '<=', '>='],
  ['+', '-'],
  ['*', '/', '%'],
]

class Parser extends BicepCursor {
  private plainText(): string {
    const value = this.primary()
    if (value.kind !== 'text' || value.parts.length !== 1) return this.fail('a text without insertions')
    return value.parts[0] as string
  }

  declarations(until = 'end'): Declaration[] {
    const found: Declaration[] = []
    for (this.lines(); this.next().kind !== 'end' && !this.is(until); this.lines()) {
      found.push(this.declaration(this.decorators()))
      if (this.next().kind !== 'end' && !this.is(until) && !this.lines()) this.fail('the end of the line')
    }
    return found
  }

  private decorators(): Declaration['decorators'] {
    const found: Declaration['decorators'] = []
    while (this.accept('@')) {
      let name = this.word()
      if (name === 'sys') {
        this.expect('.')
        name = this.word()
      }
      this.expect('(')
      found.push({ name, inputs: this.list(')') })
      if (!this.lines()) this.fail('a new line after a decorator')
    }
    return found
  }

  private declaration(decorators: Declaration['decorators']): Declaration {
    const { line } = this.next()
    const kind = this.word() as Declaration['kind']
    const made: Declaration = {
      kind,
      name: '',
      line,
      decorators,
      type: '',
      existing: false,
      value: undefined,
      nested: [],
    }
    if (kind === 'targetScope') {
      this.expect('=')
      made.value = this.value()
    } else if (kind === 'using') made.type = this.plainText()
    else if (kind === 'import') {
      this.expect('{')
      do this.word()
      while (this.accept(','))
      this.expect('}')
      this.expect('from')
      made.type = this.plainText()
    } else if (kind === 'param' || kind === 'output') {
      made.name = this.word()
      if (!this.is('=')) made.type = this.type()
      if (this.accept('=')) made.value = this.value()
      else if (kind === 'output') this.fail('=')
    } else if (kind === 'var' || kind === 'type') {
      made.name = this.word()
      this.expect('=')
      if (kind === 'type') made.type = this.type()
      else made.value = this.value()
    } else if (kind === 'resource' || kind === 'module') {
      made.name = this.word()
      made.type = this.plainText()
      made.existing = this.accept('existing')
      this.expect('=')
      made.value = this.body(made.nested)
    } else this.fail('a declaration')
    return made
  }

  /** A type is kept as text. */
  private type(): string {
    let text = ''
    let depth = 0
    for (;;) {
      const next = this.next()
      if (next.kind === 'end' || (depth === 0 && (next.kind === 'newline' || this.is('=')))) break
      if (this.is('{') || this.is('(')) depth += 1
      if (this.is('}') || this.is(')')) depth -= 1
      if (depth < 0) this.fail('a type')
      text += 'text' in next ? next.text : next.kind === 'string' ? `'${next.parts.join('')}'` : ' '
      this.at += 1
    }
    if (text === '' || depth !== 0) this.fail('a type')
    return text
  }

  private body(nested: Declaration[]): Value {
    if (this.accept('if')) {
      this.expect('(')
      const condition = this.value()
      this.expect(')')
      return { kind: 'when', condition, body: this.object(nested) }
    }
    if (this.is('[')) return this.array(nested)
    return this.object(nested)
  }

  value(): Value {
    const condition = this.binary(0)
    const start = this.at
    this.lines()
    if (!this.accept('?')) {
      this.at = start
      return condition
    }
    this.lines()
    const yes = this.value()
    this.lines()
    this.expect(':')
    this.lines()
    return { kind: 'operation', operator: '?:', inputs: [condition, yes, this.value()] }
  }

  private binary(level: number): Value {
    const marks = operators[level]
    if (marks === undefined) return this.unary()
    let left = this.binary(level + 1)
    for (;;) {
      const operator = marks.find((mark) => this.is(mark))
      if (operator === undefined) return left
      this.at += 1
      this.lines()
      left = { kind: 'operation', operator, inputs: [left, this.binary(level + 1)] }
    }
  }

  private unary(): Value {
    for (const operator of ['!', '-'])
      if (this.accept(operator)) return { kind: 'operation', operator, inputs: [this.unary()] }
    let value = this.primary()
    for (;;) {
      if (this.accept('.') || this.accept('.?') || this.accept('::'))
        value = { kind: 'member', of: value, name: this.word() }
      else if (this.accept('!')) continue
      else if (this.is('(') && (value.kind === 'name' || value.kind === 'member')) {
        this.at += 1
        value = { kind: 'call', of: value, inputs: this.list(')') }
      } else if (this.accept('[') || this.accept('[?')) {
        const at = this.value()
        this.expect(']')
        value = { kind: 'index', of: value, at }
      } else return value
    }
  }

  private primary(): Value {
    const next = this.next()
    if (next.kind === 'string') {
      this.at += 1
      const parts = next.parts.map((part) => (typeof part === 'string' ? part : this.inside(part)))
      return { kind: 'text', parts: parts.filter((part, at) => part !== '' || at === 0) }
    }
    if (next.kind === 'number') {
      this.at += 1
      return { kind: 'number', value: Number(next.text) }
    }
    if (this.is('{')) return this.object([])
    if (this.is('[')) return this.array([])
    if (this.accept('(')) {
      const value = this.value()
      this.expect(')')
      return value
    }
    const name = this.word()
    if (!this.accept('=>')) return { kind: 'name', name }
    return { kind: 'lambda', inputs: [name], body: this.value() }
  }

  private inside(tokens: Token[]): Value {
    const parser = new Parser(this.file, tokens)
    const value = parser.value()
    if (parser.next().kind !== 'end') parser.fail('the end of an insertion')
    return value
  }

  private list(close: string): Value[] {
    const items: Value[] = []
    for (this.lines(); !this.accept(close); ) {
      items.push(this.value())
      const lines = this.lines()
      const comma = this.accept(',')
      this.lines()
      if (!comma && !this.is(close) && !(lines && close === ']')) this.fail(`a separator or ${close}`)
    }
    return items
  }

  private array(nested: Declaration[]): Value {
    this.expect('[')
    if (!this.accept('for')) return { kind: 'array', items: this.list(']') }
    const names = this.accept('(') ? this.pair() : [this.word()]
    this.expect('in')
    const of = this.value()
    this.expect(':')
    const body = this.is('if') || this.is('{') ? this.body(nested) : this.value()
    this.lines()
    this.expect(']')
    return { kind: 'each', names, of, body }
  }

  private pair(): string[] {
    const first = this.word()
    this.expect(',')
    const second = this.word()
    this.expect(')')
    return [first, second]
  }

  private object(nested: Declaration[]): Value {
    this.expect('{')
    const properties: Record<string, Value> = {}
    const spread: Value[] = []
    for (this.lines(); !this.accept('}'); ) {
      const decorators = this.decorators()
      if (this.is('resource') && this.tokens[this.at + 1]?.kind === 'word') nested.push(this.declaration(decorators))
      else if (this.accept('...')) spread.push(this.value())
      else {
        const key = this.next().kind === 'string' ? this.key() : this.word()
        if (key in properties) this.fail(`another name than ${key}`)
        this.expect(':')
        properties[key] = this.value()
      }
      const lines = this.lines()
      const comma = this.accept(',')
      this.lines()
      if (!lines && !comma && !this.is('}')) this.fail('a separator or }')
    }
    return { kind: 'object', properties, spread }
  }

  private key(): string {
    const value = this.primary()
    if (value.kind !== 'text') return this.fail('a name')
    return value.parts.map((part) => (typeof part === 'string' ? part : '*')).join('')
  }
}
