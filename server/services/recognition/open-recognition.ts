/** @file Opens what recognises images, and what stands on it: models, jobs, webhooks. */
import { join } from 'node:path';
import type { Client } from '@libsql/client';
import type { FastifyBaseLogger } from 'fastify';
import { recognitionJobSchema } from '../../../src/contracts/recognise-api.ts';
import type { ServerConfig } from '../../config.ts';
import { AddedModels } from '../../repositories/added-models.ts';
import type { ApiKeys } from '../../repositories/api-keys.ts';
import { RecognitionJobs } from '../../repositories/recognition-jobs.ts';
import { Webhooks } from '../../repositories/webhooks.ts';
import { AddedModelService } from './added-model-service.ts';
import { BodyAdmission } from '../http/body-admission.ts';
import type { Journal } from '../watching/journal.ts';
import { ModelFilesStore } from './model-files-store.ts';
import { OutboundCaller } from '../webhooks/outbound-call.ts';
import { PartnerCaller } from './partner-caller.ts';
import type { ProductsByLook } from '../collections/products-by-look.ts';
import { Recogniser } from './recogniser.ts';
import { RecognitionJobService } from './recognition-job-service.ts';
import { RecognitionModels } from './recognition-models.ts';
import { RecognitionService } from './recognition-service.ts';
import { SealedImages } from '../secrets/sealed-images.ts';
import { WebhookService } from '../webhooks/webhook-service.ts';

/** Folder of images of jobs that wait, in the data folder. */
export const RECOGNITIONS_FOLDER = 'recognitions';
/** Folder of weights of added models, in the data folder. */
const MODELS_FOLDER = 'models';

/** What recognition stands on. */
export interface RecognitionFoundation {
  readonly client: Client;
  readonly settings: Pick<ServerConfig, 'dataFolder' | 'recognisers' | 'isLoopbackAllowed'>;
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>;
  readonly productsByLook: ProductsByLook;
}

/** Models and what runs them. */
export interface ModelServices {
  readonly caller: OutboundCaller;
  /** Image → what is in it, for whatever on the server needs it. */
  readonly recogniser: Recogniser;
  readonly recognition: RecognitionService;
  readonly addedModels: AddedModelService;
}

/** Everything of the developer API. */
export interface RecognitionServices extends ModelServices {
  /** Room for bodies with images. */
  readonly bodies: BodyAdmission;
  readonly recognitionJobs: RecognitionJobService;
  readonly webhooks: WebhookService;
}

/** Without jobs: also for commands. Close the recogniser. */
export function openModels({ client, settings, masterKey, journal, logger, productsByLook }: RecognitionFoundation): ModelServices {
  const caller = new OutboundCaller(settings);
  const recogniser = new Recogniser({ logger, ...(settings.recognisers === null ? {} : { processes: settings.recognisers }) });
  const added = new AddedModels(client);
  const files = new ModelFilesStore(join(settings.dataFolder, MODELS_FOLDER));
  const partners = new PartnerCaller({ caller, journal, masterKey });
  const recognition = new RecognitionService({ recogniser, productsByLook, partners, models: new RecognitionModels(added, files) });
  return { caller, recogniser, recognition, addedModels: new AddedModelService({ added, files, recognition, caller, masterKey }) };
}

/** Jobs and messages that a stop cut short go on. */
export async function openRecognition(
  foundation: RecognitionFoundation,
  keys: Pick<ApiKeys, 'isFamilyActive'>,
): Promise<RecognitionServices & { close(): Promise<void> }> {
  const { client, settings, masterKey, logger } = foundation;
  const models = openModels(foundation);
  const { recogniser, recognition, caller } = models;
  const recognitionJobs = new RecognitionJobService({
    ...{ recognition, logger, lanes: recogniser.processes, jobs: new RecognitionJobs(client) },
    images: new SealedImages(join(settings.dataFolder, RECOGNITIONS_FOLDER), masterKey),
  });
  const webhooks = new WebhookService({
    ...{ caller, masterKey, logger, webhooks: new Webhooks(client) },
    isOwnerActive: (owner) => keys.isFamilyActive(owner, Date.now()),
  });
  recognitionJobs.onFinished((job, owner) => webhooks.tell(owner, 'recognition.finished', recognitionJobSchema.strip().parse(job)));
  await models.addedModels.resume();
  await webhooks.resume();
  await recognitionJobs.resume();
  return {
    ...models,
    ...{ recognitionJobs, webhooks, bodies: new BodyAdmission() },
    close: async () => {
      await recognitionJobs.close();
      await webhooks.close();
      await recogniser.close();
    },
  };
}
