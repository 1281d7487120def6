/** @file Packs of the companion server. What is asked for are names that the server gave: no user data leaves. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { PACK_LIMITS, packListSchema, signedPackSchema, type PackList, type PackPart, type SignedPack } from '../contracts/pack.ts';
import type { CallOptions } from '../contracts/task.ts';
import { answerOf, answerOrNull, bodyOf, piecesOf } from './answer.ts';
import { createApi, signalOf } from './api.ts';
import type { AnswerLimits, Egress } from './egress.ts';
import { getV1Packs, getV1PacksById, getV1PacksByIdPartsBySha256 } from './generated/sdk.gen';

/** Some bytes of a part, in order. */
export interface DownloadPiece {
  /** Place of the first byte in the whole: 0 when the server sent all of it again. */
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface PacksClient {
  /** Origin of the server that is asked. */
  origin(): Promise<string>;
  /** @throws AppError as `GateFetch` and `answerOf` */
  list(options?: CallOptions): Promise<PackList>;
  /** The newest version of a pack, not checked. @returns null when the server has none of that name. @throws AppError as {@link list} */
  newest(id: string, options?: CallOptions): Promise<SignedPack | null>;
  /** Bytes of a part, not checked, from a byte on. What was yielded before an error is good. @throws AppError as {@link list} */
  part(packId: string, part: PackPart, fromByte: number, options?: CallOptions): AsyncGenerator<DownloadPiece, void, void>;
}

const LIST_LIMITS: AnswerLimits = { maxAnswerBytes: 4 << 20 };
/** JSON in JSON: every quote has a backslash before it. */
const MANIFEST_LIMITS: AnswerLimits = { maxAnswerBytes: PACK_LIMITS.manifestBytes * 2, timeoutMs: 60_000 };

/** @param settings where the server is; empty means the one that served the app. */
export function createPacksClient(egress: Egress, settings: { get(key: 'serverUrl'): Promise<string> }, ownOrigin: string): PacksClient {
  const origin = async (): Promise<string> => new URL((await settings.get('serverUrl')) || ownOrigin).origin;
  return {
    origin,
    async list(options) {
      const client = createApi(await origin(), egress.asking(LIST_LIMITS));
      return answerOf(getV1Packs({ client, ...signalOf(options) }), packListSchema);
    },
    async newest(id, options) {
      const client = createApi(await origin(), egress.asking(MANIFEST_LIMITS));
      return answerOrNull(getV1PacksById({ client, path: { id }, ...signalOf(options) }), signedPackSchema);
    },
    async *part(packId, { sha256, sizeBytes }, fromByte, options) {
      const call = getV1PacksByIdPartsBySha256({
        client: createApi(await origin(), egress.asking({ isStream: true, maxAnswerBytes: sizeBytes })),
        path: { id: packId, sha256 },
        headers: fromByte === 0 ? {} : { range: `bytes=${fromByte}-` },
        parseAs: 'stream',
        ...signalOf(options),
      });
      const { response, body } = await bodyOf(call);
      const isPartial = response.status === 206;
      const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
      if (isPartial && Number(start) !== fromByte) {
        await body.cancel();
        throw new AppError('server-refused', 'the server sent another range than was asked for', { stage: 'egress' });
      }
      let offset = isPartial ? fromByte : 0;
      for await (const bytes of piecesOf(body)) {
        if (offset + bytes.length > sizeBytes)
          throw new AppError('server-refused', `the part is larger than ${sizeBytes} bytes`, { stage: 'egress' });
        yield { offset, bytes };
        offset += bytes.length;
      }
    },
  };
}
