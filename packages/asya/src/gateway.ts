export type {
  AnswerCourier,
  AnswerReceipt,
  GatewayApi,
  GatewayCallOptions,
  GatewayCourier,
  GatewayTask,
  GatewayTaskState,
  GatewayTaskStatus,
} from "./gateway/gateway-courier.ts";
export { gatewayTaskOf } from "./gateway/gateway-courier.ts";
export { GatewayError } from "./gateway/gateway-error.ts";
export type { GatewayErrorCode } from "./gateway/gateway-error.ts";
export { findSentAnswers, sendAnswer } from "./gateway/sent-answers.ts";
export type { SentAnswer } from "./gateway/sent-answer.ts";
export type { AnsweredPoint } from "./gateway/sent-answers.ts";
export { openGateway } from "./gateway/open-gateway.ts";
export type { GatewayOptions } from "./gateway/open-gateway.ts";
