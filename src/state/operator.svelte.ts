/** @file Who operates the server from this page: the key, what it may do, and the server behind it. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { ROLES, type ApiKey, type Role } from '../contracts/keys-api.ts';
import { ServerRefusal } from '../contracts/server-api.ts';
import type { OperatorClient } from '../flow/operator.ts';
import { forgetKey, keepKey, keptKey } from '../store/operator-key.ts';
import { device } from './device.ts';
import { preferences } from './preferences.svelte.ts';

interface Session {
  readonly origin: string;
  readonly secret: string;
  readonly key: ApiKey;
  readonly client: OperatorClient;
}

class Operator {
  #session = $state.raw<Session | null>(null);
  #isLost = $state(false);

  /** Address of the server that would be asked. */
  get origin(): string {
    const { serverUrl } = preferences.settings;
    return new URL(serverUrl === '' ? location.origin : serverUrl).origin;
  }

  /** The key in use; null: nobody signed in, or the settings name another server now. */
  get key(): ApiKey | null {
    return this.#current()?.key ?? null;
  }

  /** The key stopped working while it was used. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** True: it is kept in this browser, not in memory only. */
  get isKept(): boolean {
    const session = this.#current();
    return session !== null && keptKey(session.origin) === session.secret;
  }

  /** @throws AppError('permission-denied') when nobody is signed in. */
  get client(): OperatorClient {
    const session = this.#current();
    if (session === null) throw new AppError('permission-denied', 'nobody is signed in');
    return session.client;
  }

  /** True when the key may do what `role` may. */
  isAtLeast(role: Role): boolean {
    return this.key !== null && ROLES.indexOf(this.key.role) >= ROLES.indexOf(role);
  }

  /** Sign in with the key that is kept here, if there is one. A key that no longer works is forgotten. @throws AppError as {@link signIn} */
  async resume(): Promise<void> {
    if (!preferences.isLoaded) await preferences.load();
    const secret = this.key === null ? keptKey(this.origin) : null;
    if (secret === null) return;
    try {
      await this.signIn(secret, false);
    } catch (error) {
      if (error instanceof ServerRefusal && error.status === 401) {
        forgetKey();
        this.#isLost = true;
        return;
      }
      throw error;
    }
  }

  /**
   * @param isKept keep it in this browser.
   * @returns false when it works, but this browser keeps nothing.
   * @throws ServerRefusal (401) for a key that does not work; AppError('offline' | 'server-refused')
   */
  async signIn(secret: string, isKept: boolean): Promise<boolean> {
    const { openOperator } = await import('../flow/operator.ts');
    const { ledger, settings } = device();
    const { origin } = this;
    const client = await openOperator({ ledger, settings, ownOrigin: location.origin }, secret);
    this.#session = { origin, secret, key: await client.self(), client };
    this.#isLost = false;
    return !isKept || keepKey(origin, secret);
  }

  /** Forget the key, here and in this browser. */
  signOut(): void {
    this.#session = null;
    this.#isLost = false;
    forgetKey();
  }

  /** Go on with the new secret of the same key. @throws AppError as {@link signIn} */
  async replace(secret: string): Promise<void> {
    await this.signIn(secret, this.isKept);
  }

  /** Look at an error of the server: a key that no longer works signs out. @returns the same error. */
  noticed(error: AppError | null): AppError | null {
    if (error instanceof ServerRefusal && error.status === 401 && this.#session !== null) {
      this.signOut();
      this.#isLost = true;
    }
    return error;
  }

  #current(): Session | null {
    return this.#session?.origin === this.origin ? this.#session : null;
  }
}

/** The one operator of this page. */
export const operator = new Operator();
