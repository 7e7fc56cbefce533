/**
 * Seals values with a key of the vault. Text form `v1.{keyId}.{base64url of nonce, tag, ciphertext}`. `associated` says
 * where the value belongs (table, keys, column): moved to another row it does not open (SEC-35).
 */
export interface Sealer {
  seal(plain: string | Uint8Array, associated: string): string
  /** Throws GatewayError `sealed_value_invalid` for anything but an untouched value in its own place. */
  open(text: string, associated: string): Buffer
}
