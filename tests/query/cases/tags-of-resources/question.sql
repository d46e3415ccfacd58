SELECT rt.arn, element_at(rt.tags, 'team') AS team
FROM trail, unnest(eventContext.tagContext.resourceTags) AS rt
