/** @file Answers of the typed client at the boundary: what the server refused is an error, what came is held to its schema. Thread: page. */
import type { z } from 'zod';
import { AppError } from '../contracts/errors.ts';
import { problemSchema, ServerRefusal } from '../contracts/server-api.ts';

/** A call of the generated client. */
interface Call {
  readonly data?: unknown;
  /** What the server refused, or what the gate threw: then there is no response. */
  readonly error?: unknown;
  readonly response?: Response;
}

/** @throws ServerRefusal for 4xx and 5xx; AppError('server-refused') for an answer that is not what was asked for; else as the gate. */
export async function answerOf<Answer>(call: Promise<Call>, schema: z.ZodType<Answer>): Promise<Answer> {
  return checked(await read(call), schema);
}

/** The same for an answer that may be absent. @returns null for 404. */
export async function answerOrNull<Answer>(call: Promise<Call>, schema: z.ZodType<Answer>): Promise<Answer | null> {
  try {
    return await answerOf(call, schema);
  } catch (error) {
    if (error instanceof ServerRefusal && error.status === 404) return null;
    throw error;
  }
}

/** The body of an answer that was asked for as a stream. Throws as {@link answerOf}. */
export async function bodyOf(call: Promise<Call>): Promise<{ response: Response; body: ReadableStream<Uint8Array<ArrayBuffer>> }> {
  const data = await read(call);
  const { response } = await call;
  if (response === undefined || !(data instanceof ReadableStream)) throw unusable('nothing came');
  return { response, body: data as ReadableStream<Uint8Array<ArrayBuffer>> };
}

/** The pieces of a body. Not read to its end, the download ends too. */
export async function* piecesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const reader = body.getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Wait for an answer that says nothing. Throws as {@link answerOf}. */
export async function done(call: Promise<Call>): Promise<void> {
  await read(call);
}

/** @throws AppError('server-refused') for a text that is no JSON of this schema. */
export function parsed<Answer>(text: string, schema: z.ZodType<Answer>): Answer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable('the answer is not JSON', error);
  }
  return checked(value, schema);
}

async function read(call: Promise<Call>): Promise<unknown> {
  const { data, error, response } = await call.catch((error: unknown): Call => ({ error }));
  // The gate read the body already: what fails after it is its JSON.
  if (response === undefined) throw error instanceof AppError ? error : unusable('the answer is not JSON', error);
  if (response.ok && error === undefined) return data;
  const problem = problemSchema.safeParse(error);
  throw new ServerRefusal(response.status, problem.success ? problem.data : null);
}

function checked<Answer>(value: unknown, schema: z.ZodType<Answer>): Answer {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const place = result.error.issues[0]?.path.join('.') ?? '';
  throw unusable(`the answer is not what was asked for, at "${place.slice(0, 80)}"`);
}

function unusable(message: string, cause?: unknown): AppError {
  return new AppError('server-refused', message, { cause, stage: 'egress' });
}
