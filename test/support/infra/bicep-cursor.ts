import { BicepError, type Token } from './bicep-tokens.js'

/** A place in the tokens of one file, and the questions a reader asks there. */
export class BicepCursor {
  protected at = 0
  constructor(
    protected readonly file: string,
    protected readonly tokens: Token[],
  ) {}

  protected next(): Token {
    return this.tokens[this.at] as Token
  }
  protected fail(wanted: string): never {
    const next = this.next()
    const found = 'text' in next ? next.text : next.kind
    throw new BicepError(this.file, next.line, `expected ${wanted}, found ${found}`)
  }
  protected textOf(token: Token): string | undefined {
    return 'text' in token ? token.text : undefined
  }
  protected is(text: string): boolean {
    return this.textOf(this.next()) === text
  }
  protected accept(text: string): boolean {
    if (!this.is(text)) return false
    this.at += 1
    return true
  }
  protected expect(text: string): void {
    if (!this.accept(text)) this.fail(text)
  }
  protected lines(): boolean {
    const start = this.at
    while (this.next().kind === 'newline') this.at += 1
    return this.at > start
  }
  protected word(): string {
    const next = this.next()
    if (next.kind !== 'word') return this.fail('a name')
    this.at += 1
    return next.text
  }
}
