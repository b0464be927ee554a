"""What the bot reads in a customer's words beside the question: mood, language, topic, facts."""
