/** Who sees and answers what. */
export interface AccessRules {
  /** Groups whose members see and answer everything. */
  readonly administrators: readonly string[];
  /**
   * By label, as `name=value`, or `name=*` for every value. What has a label that is named here is for those that all
   * of its named labels let; what has none is for administrators alone.
   */
  readonly labels: Readonly<Record<string, LabelRule>>;
}

/** Who sees and answers what has a label. */
export interface LabelRule {
  /** Groups whose members see it. @default none besides those who answer */
  readonly see?: readonly string[] | undefined;
  /** Groups whose members see and answer it. @default none */
  readonly answer?: readonly string[] | undefined;
}
