/** @file Packs of the companion server. What is asked for are names that the server gave: no user data leaves. Thread: page. */
import { PACK_LIMITS, packListSchema, signedPackSchema, type PackList, type PackPart, type SignedPack } from '../contracts/pack.ts';
import type { CallOptions } from '../contracts/task.ts';
import type { DownloadPiece, Egress, EgressOptions } from './egress.ts';

export interface PacksClient {
  /** Origin of the server that is asked. */
  origin(): Promise<string>;
  /** @throws AppError as `egress.ask` */
  list(options?: CallOptions): Promise<PackList>;
  /** The newest version of a pack, not checked. @returns null when the server has none of that name. @throws AppError as `egress.ask` */
  newest(id: string, options?: CallOptions): Promise<SignedPack | null>;
  /** Bytes of a part, not checked, from a byte on. @throws AppError as `egress.download` */
  part(packId: string, part: PackPart, fromByte: number, options?: CallOptions): AsyncGenerator<DownloadPiece, void, void>;
}

/** @param settings where the server is; empty means the one that served the app. */
export function createPacksClient(egress: Egress, settings: { get(key: 'serverUrl'): Promise<string> }, ownOrigin: string): PacksClient {
  const origin = async (): Promise<string> => new URL((await settings.get('serverUrl')) || ownOrigin).origin;
  return {
    origin,
    async list(options) {
      const route = { method: 'GET', path: '/v1/packs', answer: packListSchema, maxAnswerBytes: 4 << 20 } as const;
      const answer = await egress.ask(await origin(), route, signalOf(options));
      return answer ?? { publicKey: '', packs: [] };
    },
    async newest(id, options) {
      const route = {
        ...({ method: 'GET', path: `/v1/packs/${id}`, answer: signedPackSchema, canBeAbsent: true } as const),
        // JSON in JSON: every quote has a backslash before it.
        maxAnswerBytes: PACK_LIMITS.manifestBytes * 2,
        timeoutMs: 60_000,
      };
      return egress.ask(await origin(), route, signalOf(options));
    },
    async *part(packId, { sha256, sizeBytes }, fromByte, options) {
      yield* egress.download(
        await origin(),
        { path: `/v1/packs/${packId}/parts/${sha256}`, fromByte, maxBytes: sizeBytes },
        signalOf(options),
      );
    },
  };
}

function signalOf(options: CallOptions | undefined): EgressOptions {
  return options?.signal === undefined ? {} : { signal: options.signal };
}
