/** @file The picture worker for whoever hands pictures out. Thread: page. */
import { createPictureClient } from '../clients/picture-client.ts';
import type { PictureService } from '../contracts/picture-api.ts';

/** @returns a service; its worker starts with the first call and goes with `end`. */
export function createPictures(): PictureService {
  return createPictureClient();
}
